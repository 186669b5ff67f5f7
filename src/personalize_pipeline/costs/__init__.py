"""What Amazon Personalize charges: the price list, what a plan costs by it, and what there is to count."""
