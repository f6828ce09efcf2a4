"""Words: catalogues of `locales/`, plural forms, numbers and dates in the reader's notation. Pure."""
