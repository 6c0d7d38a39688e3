"""Files that say what an environment holds, as requests and settings of a solve."""
