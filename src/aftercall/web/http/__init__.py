"""What every HTTP handler needs: authentication, errors, bodies, limits."""
