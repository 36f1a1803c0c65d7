"""Reports: plans, results and states as people and machines read them. Nothing here touches a network."""
