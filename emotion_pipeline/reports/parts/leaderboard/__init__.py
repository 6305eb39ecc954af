"""The leaderboard: its numbers, figures and words."""
