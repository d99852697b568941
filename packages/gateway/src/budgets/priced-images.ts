import { imagesIn } from "../body/images.ts";
import type { Exchange } from "../pipeline/exchange.ts";
import type { Price } from "./prices.ts";

/** Images of a request, counted once and only where they cost something; else 0. */
export function pricedImages(x: Exchange, price: Price | undefined): number {
  if (!x.body || !price || price.perImage === 0) return 0;
  return (x.images ??= imagesIn(x.body));
}
