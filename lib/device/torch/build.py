# SPDX-License-Identifier: Apache-2.0
# ---- build ----


def how_drawn(torch, t):
    """As which distribution the judge may draw an input anew: normal only
    where its values look so; else within its own bounds."""
    if t.dtype is torch.bool:
        return {"init": "randint", "a": 0, "b": 1}
    lo, hi = t.min().item(), t.max().item()
    if not t.is_floating_point():
        return {"init": "randint", "a": lo, "b": hi}
    # Of a large one a part tells as much.
    f = t.flatten()[::max(1, t.numel() >> 16)].double()
    n = f.numel()
    spread = f.std(unbiased=False).item()
    if n >= 64 and lo < 0 < hi and abs(f.mean().item()) < 0.2 * spread and \
            f.unique().numel() > n // 2 and hi > 2.2 * spread:
        return {"init": "normal"}
    return {"init": "uniform", "a": lo, "b": hi if hi > lo else lo + 1}


def describe_tensor(torch, name, t):
    kinds = {v: k for k, v in dtypes(torch).items()}
    if t.layout is not torch.strided or t.dtype not in kinds:
        raise TypeError(f"'{name}' is a {t.layout} tensor of {t.dtype}, which "
                        "cannot be judged")
    if not t.numel() or t.dim() > 8:
        raise ValueError(f"'{name}' is empty, or has more than 8 dimensions")
    return {"name": name, "dtype": kinds[t.dtype], "dims": list(t.shape)}


def named_inputs(torch, model, values):
    """With the names that forward gives them."""
    names = [p.name for p in inspect.signature(model.forward)
             .parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    out = []
    rest = [leaves(torch, v, names[i] if i < len(names) else f"in{i}", out)
            for i, v in enumerate(values)]
    return out, rest


def describe(torch, reference, sizes, mode):
    """What goes into a model of this case and what comes out."""
    set_sizes(reference, sizes)
    model = construct(torch, Parameters(torch), reference.Model, reference, 1)
    model.train(mode == "train")
    drawn = []
    for seed in (1, 2):
        reseed(torch, seed)
        ins, rest = named_inputs(torch, model, inputs_of(reference))
        drawn.append(([(n, t.shape, t.dtype) for n, t in ins], rest))
    if drawn[0] != drawn[1]:
        raise ValueError("get_inputs gives other shapes or constants at each "
                         "call; only the values of tensors may change")
    described = []
    for name, t in ins:
        d = describe_tensor(torch, name, t)
        d.update(how_drawn(torch, t))
        described.append(d)
    outs, changed = called(torch, model, inputs_of(reference),
                           mode == "train")
    if not outs:
        raise ValueError("forward returns no tensor")
    named = [(f"out{i}", t) for i, t in enumerate(outs)]
    named += [(BUFFER + path, t) for path, t in changed]
    return {"inputs": described,
            "outputs": [describe_tensor(torch, n, t) for n, t in named]}


def called(torch, model, values, train):
    """What forward returns, and the buffers that it has changed in training."""
    kept = buffers(torch, model) if train else {}
    before = {path: getattr(*at).clone() for path, at in kept.items()}
    with torch.no_grad():
        outs = flat(torch, model(*values), [])
    return outs, [(path, getattr(*at)) for path, at in kept.items()
                  if not torch.equal(getattr(*at), before[path])]


def read_sources(main):
    """Of the working folder, `main` first. Syntax alone: what stands in it runs
    elsewhere."""
    files, names = {}, []
    for name in sorted(os.listdir("."), key=lambda n: (n != main, n)):
        if name.endswith(".py"):
            with open(name, encoding="utf-8") as f:
                files[name] = f.read()
            compile(files[name], f"<{name}>", "exec")
            names.append(name)
    return {"files": files, "names": names}


def build():
    set_pools(1)
    with open("task.json", encoding="utf-8") as f:
        task = json.load(f)
    done = read_sources(task["main"])
    names, files = done["names"], done["files"]
    done["described"] = {}
    if task["reference"]:
        if not names:
            sys.exit("the reference is no Python file: one must end in .py")
        import torch

        module = load(names, files)
        for need in ("Model", "get_inputs"):
            if not hasattr(module, need):
                sys.exit(f"the reference defines no {need}")
        for case in task["cases"]:
            done["described"][case["case"]] = describe(
                torch, module, case["sizes"], task["mode"])
    with open("object", "w", encoding="utf-8") as f:
        json.dump(done, f)


def or_tell(act, *args):
    """Does it, and ends with what a compiler would say."""
    try:
        act(*args)
    except SystemExit:
        raise
    except SyntaxError as e:
        sys.exit("".join(traceback.format_exception_only(type(e), e)))
    except BaseException:
        traceback.print_exc()
        sys.exit(1)
