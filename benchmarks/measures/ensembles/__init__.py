"""Several trainings of one split against their ensemble: accuracy on fresh phantoms, time and bytes."""
