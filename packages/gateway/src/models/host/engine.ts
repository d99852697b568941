import type {
  ChatHistoryItem,
  ChatWrapper,
  Llama,
  LlamaContext,
  LlamaContextSequence,
  LlamaEmbeddingContext,
  LlamaModel,
  Token,
} from "node-llama-cpp";

/** One message of a conversation, its content already flat text. */
export interface EngineMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

export interface Sampling {
  readonly temperature: number;
  readonly topP?: number;
  readonly seed?: number;
}

export interface GeneratedToken {
  /** Empty while a character is not whole, and at the end. */
  readonly text: string;
  readonly isEnd: boolean;
}

/** One of the conversations the model can hold at the same time. */
export interface EngineSequence {
  /** Yields one token after another; the last one is the model's own end of turn. */
  generate(prompt: readonly Token[], sampling: Sampling): AsyncIterable<GeneratedToken>;
}

export interface Engine {
  readonly sequences: readonly EngineSequence[];
  /** Tokens of prompt and answer together in one sequence. */
  readonly contextTokens: number;
  /** Tokens of the conversation as the model's chat template writes it. */
  render(messages: readonly EngineMessage[]): readonly Token[];
  /** Whether near vectors mean near texts: the file says how an embedding model pools its tokens. */
  readonly isEmbedder: boolean;
  /** A vector and the tokens it was made from; undefined when the text does not fit. */
  embed(input: string | readonly number[]): Promise<Embedding | undefined>;
  dispose(): Promise<void>;
}

export interface Embedding {
  readonly vector: readonly number[];
  readonly tokens: number;
}

export interface EngineOptions {
  readonly modelPath: string;
  readonly threads: number;
  readonly sequences: number;
  readonly contextTokens: number;
  /** Told what the conversations will take, before any of it is taken. */
  onContextBytes(bytes: number): void;
}

/** Loads the native library and the model. Nothing is built, downloaded or put on a GPU. */
export async function loadEngine(o: EngineOptions): Promise<Engine> {
  const native = await import("node-llama-cpp");
  const llama = await native.getLlama({
    build: "never",
    gpu: false,
    skipDownload: true,
    progressLogs: false,
    maxThreads: o.threads,
    logLevel: native.LlamaLogLevel.error,
  });
  const model = await llama.loadModel({ modelPath: o.modelPath, gpuLayers: 0 });
  const { sequences } = o;
  const contextSize = Math.min(o.contextTokens, model.trainContextSize);
  const asked = { contextSize, sequences, modelGpuLayers: 0 };
  const needed = await model.fileInsights.estimateContextResourceRequirementsV2(asked);
  o.onContextBytes(needed.cpuRam);
  const context = await model.createContext({ sequences, contextSize, threads: o.threads });
  const template = model.fileInfo.metadata.tokenizer?.chat_template;
  // Asking the library to guess a wrapper renders every template it knows: 0.7 s for nothing.
  const wrapper =
    template === undefined
      ? new native.GeneralChatWrapper()
      : new native.JinjaTemplateChatWrapper({ template, tokenizer: model.tokenizer });
  return createEngine({ llama, model, context, wrapper });
}

/** Mean, first and last token, as GGUF numbers them; 0 is none and 4 ranks. */
const embedderPoolings: ReadonlySet<number> = new Set([1, 2, 3]);

interface Loaded {
  readonly llama: Llama;
  readonly model: LlamaModel;
  readonly context: LlamaContext;
  readonly wrapper: ChatWrapper;
}

function createEngine({ llama, model, context, wrapper }: Loaded): Engine {
  const sequences: EngineSequence[] = [];
  while (context.sequencesLeft > 0) sequences.push(createSequence(model, context.getSequence()));
  let embedder: Promise<LlamaEmbeddingContext> | undefined;
  return {
    sequences,
    contextTokens: context.contextSize,
    isEmbedder: embedderPoolings.has(model.fileInfo.architectureMetadata.pooling_type ?? 0),
    render(messages) {
      const chatHistory = messages.map(historyItem);
      if (messages.at(-1)?.role !== "assistant") chatHistory.push({ type: "model", response: [] });
      return wrapper.generateContextState({ chatHistory }).contextText.tokenize(model.tokenizer);
    },
    async embed(input) {
      const tokens = typeof input === "string" ? model.tokenize(input) : tokensOf(model, input);
      if (tokens === undefined) return undefined;
      embedder ??= model.createEmbeddingContext({
        contextSize: context.contextSize,
        threads: context.idealThreads,
      });
      const ready = await embedder;
      const length = ready.calculateInputLength(tokens);
      if (length > context.contextSize) return undefined;
      return { vector: (await ready.getEmbeddingFor(tokens)).vector, tokens: length };
    },
    dispose: () => llama.dispose(),
  };
}

function historyItem(message: EngineMessage): ChatHistoryItem {
  if (message.role === "assistant") return { type: "model", response: [message.content] };
  return { type: message.role, text: message.content };
}

/** Token numbers of a caller, when all of them are in the vocabulary. */
function tokensOf(model: LlamaModel, numbers: readonly number[]): Token[] | undefined {
  const known = new Map<number, Token>();
  for (const token of model.iterateAllTokens()) known.set(token, token);
  const tokens: Token[] = [];
  for (const number of numbers) {
    const token = known.get(number);
    if (token === undefined) return undefined;
    tokens.push(token);
  }
  return tokens;
}

/** Tokens a character can be spread over; beyond it the bytes are no character at all. */
const characterTokensMax = 4;

function createSequence(model: LlamaModel, sequence: LlamaContextSequence): EngineSequence {
  return {
    async *generate(prompt, sampling) {
      await sequence.clearHistory();
      const before = [...prompt];
      let pending: Token[] = [];
      for await (const token of sequence.evaluate(before, {
        temperature: sampling.temperature,
        yieldEogToken: true,
        ...(sampling.topP === undefined ? {} : { topP: sampling.topP }),
        ...(sampling.seed === undefined ? {} : { seed: sampling.seed }),
      })) {
        if (model.isEogToken(token)) {
          yield { text: model.detokenize(pending, false, before.slice(-8)), isEnd: true };
          return;
        }
        pending.push(token);
        const text = model.detokenize(pending, false, before.slice(-8));
        // A character cut between two tokens waits for its other half.
        if (text.endsWith("\uFFFD") && pending.length < characterTokensMax) {
          yield { text: "", isEnd: false };
          continue;
        }
        before.push(...pending);
        pending = [];
        yield { text, isEnd: false };
      }
    },
  };
}
