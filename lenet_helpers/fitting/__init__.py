"""What `lenet_helpers.training` fits with: recipes, augmentation, the training form, optimiser, checkpoints, ranks."""
