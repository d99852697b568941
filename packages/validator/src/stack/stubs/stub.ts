/** A healthy twin of a kind of service, on loopback; rules of a saboteur answer first. */
export interface StackStub extends AsyncDisposable {
  readonly url: string;
}
