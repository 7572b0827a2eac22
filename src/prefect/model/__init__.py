"""The words that the user's side and the server both speak: states, results, serializers and their JSON.

Nothing here knows of flows, tasks, runners or HTTP.
"""
