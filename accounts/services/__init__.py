"""The only writers of people, memberships, passwords and agencies. Each writes its event in its transaction."""
