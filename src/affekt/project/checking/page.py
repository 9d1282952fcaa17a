"""The page of `check`."""


def write_check_page(*a):
    raise NotImplementedError
