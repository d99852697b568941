import { countFigure } from "../../model/format.ts";
import { addressOf } from "../../model/links.ts";
import { Fig } from "../../parts/figure.tsx";

interface MoreProps {
  readonly rest: number;
  readonly screen: "claims" | "run";
  readonly query?: string;
}

/** The count of rows left out, as a link to where all of them are. */
export const More = ({ rest, screen, query }: MoreProps) =>
  rest > 0 ? (
    <p>
      <a href={addressOf({ screen, ...(query === undefined ? {} : { query }) })}>
        <Fig figure={countFigure(rest)} /> more
      </a>
    </p>
  ) : null;
