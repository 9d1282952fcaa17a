"""What the engine gives to the objective of a method, and asks of it."""
