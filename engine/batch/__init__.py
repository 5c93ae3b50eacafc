"""From a shot list to a folder of skies: validated as a whole, safe to interrupt, with a summary and a gallery."""
