"""Training in Jittor: its process computes the network, forward and backward."""

FRAMEWORK = "affekt.frameworks.jittor.framework:JittorFramework"
