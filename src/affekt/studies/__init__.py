"""Studies: many runs from one plan, resumable, and one table of them with intervals and tests.

plans/      the file of a plan, its rows and members (row, data, seed, fold), and its mistakes
running/    members as processes, several at a time, in order of dependence; the search of settings
outcome/    the evaluations of the members, their numbers, table and page
study.py    all of it for one plan; compare.py: tests between networks that are given
"""
