"""What answers, a classifier or prototypes, and the terms of the loss that train both."""
