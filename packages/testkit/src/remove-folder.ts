import { rmSync } from "node:fs";

/**
 * Removes what a test laid down, though something that ends still writes there: a folder that fills
 * again is emptied again, for a second.
 */
export function removeFolder(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
}
