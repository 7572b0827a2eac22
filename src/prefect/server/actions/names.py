"""Two-word names for runs that nobody named: an adjective and an animal."""

from __future__ import annotations

from prefect.server.actions.checks import random_digits

__all__ = ["ADJECTIVES", "ANIMALS", "new_name"]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ADJECTIVES = _words(
    """
    able active adept agile airy alert amber ample amused ancient apt ardent astute atomic august autumn aware azure
    balanced balmy bold brave breezy bright brisk bronze bubbly busy calm candid careful casual cheerful chief
    clever cloudy cobalt cosmic courteous cozy crimson crisp curious daring dapper deft devout diligent discreet
    dreamy eager early earnest earthy easy elated elegant emerald epic exact expert fabled fair faithful famous
    fancy fearless festive fine flawless fleet fluent fond frank free fresh friendly frosty gallant generous gentle
    gifted glad gleaming glossy golden graceful grand grateful green handy happy hardy hearty helpful hidden honest
    hopeful humble icy ideal indigo inventive ivory jaunty jolly jovial joyful keen kind lavish lilac lively logical
    loyal lucid lucky lunar magic magnetic majestic marvelous mellow merry mighty mindful modest mossy musical
    mystic natural neat nimble noble novel observant olive open orderly original outgoing patient peaceful pearly
    perky placid playful pleasant plucky plum poetic polished polite precise pretty prime prompt proud prudent
    quaint quick quiet radiant rapid rare ready regal relaxed resolute rosy ruby rustic sage sandy sapphire scarlet
    serene shiny shrewd silent silver simple sincere skilled sleek smart smooth snowy sociable soft solar solid
    sparkling speedy spirited splendid spry stable starry steady stellar sterling stoic sturdy subtle sunny superb
    supple sure swift tactful teal tender thankful thorough thrifty tidy tireless topaz tranquil trusty tuneful
    upbeat urbane valiant velvet verdant vibrant vigilant violet vivid warm watchful whimsical willing winged wise
    witty wondrous woven zealous zesty
    """
)

ANIMALS = _words(
    """
    aardvark albatross alpaca anchovy angelfish ant anteater antelope armadillo auk avocet axolotl badger bandicoot
    barracuda basilisk bat bear beaver bee beetle beluga bison bittern boar bobcat bonobo bullfinch bumblebee
    bunting buzzard camel canary capybara caracal cardinal caribou cat catfish chaffinch chameleon chamois cheetah
    chickadee chinchilla chipmunk cicada clam condor coot coral cormorant cougar coyote crab crane cricket crow
    cuckoo curlew deer dingo dipper dogfish dolphin dormouse dove dragonfly duck dugong dunlin eagle egret eider
    eland elephant elk emu ermine falcon fennec ferret finch firefly flamingo fox frog gannet gazelle gecko gerbil
    gibbon giraffe gnu goat goldfinch goose goshawk grebe grouse guppy gull hamster hare harrier hawk hedgehog heron
    herring hippo hoopoe hornbill horse hummingbird ibex ibis iguana impala jackal jackdaw jaguar jay jerboa
    kangaroo kestrel kingfisher kite kiwi koala kudu ladybird lapwing lark lemming lemur leopard linnet lion lizard
    llama lobster lynx macaw mackerel magpie mallard manatee mandrill marlin marmot marten meerkat merlin mink mole
    mongoose moose moth mouse mule narwhal newt nightjar numbat nuthatch ocelot octopus okapi opossum orca oriole
    oryx osprey ostrich otter owl oyster panda panther parrot partridge peacock pelican penguin petrel pheasant
    pigeon pika pike plover pony porcupine porpoise puffin puma python quail quokka rabbit raccoon ram raven
    redstart reindeer rhino robin rook salamander salmon sandpiper scallop seahorse seal serval shark sheep shrew
    shrike skink skua skylark sloth snail snipe sparrow spoonbill squid squirrel starfish starling stingray stoat
    stork sturgeon swallow swan swift swordfish tanager tapir tarpon teal tern thrush tiger toad tortoise toucan
    trout tuna turtle viper vole wagtail wallaby walrus warbler warthog wasp waxwing weasel whale whippet wigeon
    wildcat wolf wombat woodpecker wren yak zebra zebu
    """
)


def new_name() -> str:
    """Make a name such as ``brave-otter``; two runs may get the same one."""
    place, first = divmod(int(random_digits()[:12], 16), len(ADJECTIVES))
    return f"{ADJECTIVES[first]}-{ANIMALS[place % len(ANIMALS)]}"
