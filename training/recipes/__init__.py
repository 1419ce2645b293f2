"""One file per shipped model."""

from training.recipes.char import RECIPE as CHAR
from training.recipes.digit import RECIPE as DIGIT
from training.recipes.recipe import Recipe

__all__ = ["RECIPES", "Recipe"]

RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in (DIGIT, CHAR)}
