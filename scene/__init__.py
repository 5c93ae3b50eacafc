"""What touches the .blend: the world, the backdrop, and the pictures that they show."""
