"""Where lessons and exercise sets are written, and what turns their sources into notebooks."""
