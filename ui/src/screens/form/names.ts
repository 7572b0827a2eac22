/** Two-word names for runs, as the server makes them up. */
const ADJECTIVES =
  "amber brisk calm clever cosmic crimson curious daring eager fancy gentle golden happy icy jolly keen lively lucid magic mellow mighty nimble noble olive patient placid proud quick quiet rapid royal ruby rustic sage serene silver smooth solar spry stellar sturdy sunny swift tidy topaz vivid warm wise witty zesty".split(
    " ",
  );
const ANIMALS =
  "badger bear beaver bison bobcat caracal cheetah condor coyote crane cricket dolphin eagle falcon ferret finch fox gazelle gecko heron ibex jackal jaguar koala lemur lynx magpie marten mole moose narwhal ocelot orca otter owl panda penguin puffin quail rabbit raven robin salmon seal sparrow stork swan tapir toucan turtle viper walrus weasel wombat zebra".split(
    " ",
  );

export function newName(random: () => number = Math.random): string {
  const one = (words: readonly string[]) => words[Math.floor(random() * words.length)] ?? "";
  return `${one(ADJECTIVES)}-${one(ANIMALS)}`;
}
