"""Speed and memory of a bundle on this machine: measured in processes of their own, without torch.

`bench` runs the measurements, `BenchReport` is what they found, `compare` sets two reports side by side.
"""
