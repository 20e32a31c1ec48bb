"""What is learned and kept: classifier, calibration, opponents, metrics, artefact and registry client."""
