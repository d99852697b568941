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

/** The route of the address bar, and a way to change its filter without a history entry. */
export function useRoute(): readonly [Route, (query: string) => void] {
  const [route, setRoute] = useState(() => routeOf(location.hash));
  useLayoutEffect(() => {
    const follow = (): void => {
      setRoute(routeOf(location.hash));
      scrollTo(0, 0);
    };
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  const setQuery = (query: string): void => {
    const place = { ...route.place, query };
    history.replaceState(null, "", addressOf(place));
    setRoute({ place, unknown: null });
  };
  return [route, setQuery];
}
