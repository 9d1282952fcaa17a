"""Commands about many runs: experiments from a plan, and comparisons."""
