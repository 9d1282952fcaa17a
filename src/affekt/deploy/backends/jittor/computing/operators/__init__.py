"""The operators of ONNX that can be imported, a function each.

What a graph computes with whole numbers and truth values (sizes, positions, ids, masks) stays in NumPy:
Jittor would compile a kernel for each, and needs sizes as numbers. Arrays of floats are Jittor's.
"""
