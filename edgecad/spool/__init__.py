"""What any durable source of scans needs: claims, records, counts, a heartbeat."""
