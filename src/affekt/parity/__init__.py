"""Parity with reference networks: cases, and how outputs compare. Development only: wheels leave it out."""
