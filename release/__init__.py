"""What a release needs: one version for all, and a look into what was built. `nox -s wheels` does both."""
