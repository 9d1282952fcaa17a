"""Networks that affekt trained, as encoders of sound or picture: by the folder of a run or a checkpoint."""
