import { useLayoutEffect, useState } from "preact/hooks";
import { addressOf, home, nearestId, placeOf, screens, type Place } from "../model/links.ts";

/** Where the reader is, and the unknown address they asked for, if so. */
export interface Route {
  readonly place: Place;
  readonly unknown: { readonly asked: string; readonly nearest: string | null } | null;
}

const routeOf = (hash: string): Route => {
  const place = placeOf(hash);
  if ("unknown" in place) {
    const asked = place.unknown;
    return { place: home, unknown: { asked, nearest: nearestId(asked, screens) } };
  }
  return { place, unknown: null };
};

/** What of a place changes without a history entry. */
type Change = Partial<Pick<Place, "query" | "sort">>;

/** The route of the address bar, and a way to change its filter and order. */
export function useRoute(): readonly [Route, (change: Change) => void] {
  const [route, setRoute] = useState(() => routeOf(location.hash));
  useLayoutEffect(() => {
    const follow = (): void => {
      setRoute(routeOf(location.hash));
      scrollTo(0, 0);
    };
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  const change = (to: Change): void => {
    const place = { ...route.place, ...to };
    history.replaceState(null, "", addressOf(place));
    setRoute({ place, unknown: null });
  };
  return [route, change];
}
