"""One file per shipped model, and one for what they are compared with."""

from training.recipes.char import RECIPE as CHAR
from training.recipes.digit import RECIPE as DIGIT
from training.recipes.five_epochs import RECIPES as FIVE_EPOCHS
from training.recipes.recipe import Recipe

__all__ = ["MODELS", "RECIPES", "SHIPPED", "VARIANTS", "Recipe", "recipe_of"]

#: What a model ships as, and what a recipe is called that makes no shipped one.
SHIPPED = "shipped"
#: The shipped recipes, by model.
RECIPES: dict[str, Recipe] = {recipe.model: recipe for recipe in (DIGIT, CHAR)}
MODELS = tuple(RECIPES)
#: Name of a kind of recipe to the recipes by model.
VARIANTS: dict[str, dict[str, Recipe]] = {
    SHIPPED: RECIPES,
    "five-epochs": {recipe.model: recipe for recipe in FIVE_EPOCHS},
}


def recipe_of(model: str, variant: str = SHIPPED) -> Recipe:
    """Return a model's recipe.

    Raises:
        KeyError: there is none; its message says which there are.
    """
    if variant not in VARIANTS:
        raise KeyError(f"There is no recipe {variant!r}; there are {', '.join(VARIANTS)}.")
    if model not in VARIANTS[variant]:
        raise KeyError(f"There is no recipe for {model!r}; there are {', '.join(VARIANTS[variant])}.")
    return VARIANTS[variant][model]
