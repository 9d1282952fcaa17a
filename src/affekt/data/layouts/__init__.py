"""Readers that several data sets share: folders by class, manifests, published lists."""
