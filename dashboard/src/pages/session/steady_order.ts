import { useRef } from "preact/hooks";

/**
 * The items in the order that they had before while `isHeld`, new ones at the end: nothing moves under
 * the pointer.
 */
export function useSteadyOrder<Item>(items: readonly Item[], keyOf: (item: Item) => string, isHeld: boolean): Item[] {
  const before = useRef<string[]>([]);
  const sorted = isHeld ? inOrderOf(items, keyOf, before.current) : [...items];
  before.current = sorted.map(keyOf);
  return sorted;
}

export function inOrderOf<Item>(items: readonly Item[], keyOf: (item: Item) => string, keys: readonly string[]): Item[] {
  const places = new Map(keys.map((key, index) => [key, index]));
  const placeOf = (item: Item): number => places.get(keyOf(item)) ?? keys.length;
  return [...items].sort((one, other) => placeOf(one) - placeOf(other));
}
