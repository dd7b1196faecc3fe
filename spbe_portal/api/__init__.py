"""What the API's resources share. The resources themselves stand in each app (`<app>/api`), beside its pages."""
