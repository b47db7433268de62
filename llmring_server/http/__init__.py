"""HTTP: what every request passes on its way to a resource and back."""
