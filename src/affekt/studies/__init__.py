"""Studies: many runs from one plan, resumable, and one table of them with intervals and tests.

    plan.py        the file of a plan, and its settings
    expand.py      its rows, and the members (row, data, seed, fold) that are trained
    check.py       all mistakes of a plan, before anything runs
    schedule.py    members as processes, several at a time, in order of dependence
    worker.py      one member: train, then evaluate
    gather.py      the evaluations of the members; summary.py: their numbers; write.py: table and page
"""
