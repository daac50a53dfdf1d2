"""What the API answers with: the types that OpenAPI and the page's client are made from."""
