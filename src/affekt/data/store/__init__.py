"""Prepared stores: clips of a data set in the form that training reads fastest."""
