from affekt.core.settings import Settings


class TinyTwoConfig(Settings):
    num_classes: int = 4
    width: int = 16
