//! Identities: random 32-hex ids, and nicknames that a person can remember.

const ADJECTIVES: &str = "able agile airy alert amber ample apt arctic ashen astute autumn azure balmy bold brave breezy \
    bright brisk bronze calm candid cheery civil clear clever coral cosy crisp curious daring dapper deft dewy eager \
    early earnest easy fair fancy fearless fine fleet fluent fond frank free fresh gentle glad golden grand great \
    happy hardy hazel hearty honest humble ideal indigo ivory jolly jovial keen kind lively loyal lucid lucky lunar \
    mellow merry mighty misty modest neat nimble noble olive patient plucky polite prime proud quick quiet rapid \
    ready regal robust rosy rustic sage sandy serene sharp shiny silver sleek smart snowy solar solid spry steady \
    sunny swift tidy topaz trusty upbeat valiant vivid warm wise witty young zesty";
const ANIMALS: &str = "adder albatross alpaca ant antelope ape auk badger bat bear beaver bee bison boar bobcat buffalo \
    camel caribou carp cat cheetah cobra condor cougar coyote crab crane cricket crow deer dingo dolphin donkey dove \
    duck eagle eel egret elk emu falcon ferret finch fox frog gazelle gecko gibbon goat goose grouse gull hare hawk \
    heron hornet horse hound ibex ibis iguana impala jackal jaguar jay kestrel kiwi koala krill lark lemur leopard \
    lion llama lobster lynx magpie mantis marmot marten mole moose moth mouse mule newt ocelot octopus orca osprey \
    otter owl panda panther parrot pelican penguin pigeon plover pony puffin puma quail rabbit raccoon raven robin \
    salmon seal shark sparrow squid stork swan tapir tern tiger toad trout turtle viper vole walrus weasel whale wolf \
    wombat wren yak zebra";

/// 32 random hexadecimal digits.
pub(crate) fn random_id() -> String {
    hex::encode(random_bytes::<16>())
}

/// Bytes that nobody can guess.
pub(crate) fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system has random bytes");
    bytes
}

/// Such as `brisk-otter-417`; random, not unique.
pub(crate) fn nickname() -> String {
    let bytes = random_bytes::<6>();
    let pick = |at: usize, words: &'static str| {
        let words: Vec<&str> = words.split_whitespace().collect();
        words[usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]])) % words.len()]
    };
    let number = u16::from_le_bytes([bytes[4], bytes[5]]) % 1000;
    format!("{}-{}-{number}", pick(0, ADJECTIVES), pick(2, ANIMALS))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn words_are_plain_short_and_distinct() {
        for words in [ADJECTIVES, ANIMALS] {
            let list: Vec<&str> = words.split_whitespace().collect();
            assert!(list.len() >= 100, "{}", list.len());
            assert_eq!(list.iter().collect::<HashSet<_>>().len(), list.len());
            assert!(
                list.iter()
                    .all(|w| w.len() <= 9 && w.bytes().all(|b| b.is_ascii_lowercase()))
            );
        }
    }

    #[test]
    fn nicknames_have_three_parts_and_differ() {
        let names: HashSet<String> = (0..100).map(|_| nickname()).collect();
        assert!(names.len() > 90);
        for name in names {
            let parts: Vec<&str> = name.split('-').collect();
            assert_eq!(parts.len(), 3, "{name}");
            assert!(parts[2].parse::<u16>().unwrap() < 1000);
        }
    }

    #[test]
    fn ids_are_32_hexadecimal_digits() {
        let id = random_id();
        assert!(id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()));
        assert_ne!(id, random_id());
    }
}
