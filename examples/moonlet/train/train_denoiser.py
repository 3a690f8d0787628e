"""Trains the tokenizer, the text encoder and the UNet on latents of the autoencoder that `train_autoencoder.py` wrote.

python3 train_denoiser.py --output RUN [--start FOLDER] [--steps N] [--batch 16] [--seed 0] [--device cpu]

Needs RUN/vae. Writes RUN/scenes.pt (scenes and their latents, made once), RUN/denoiser.pt every 500 steps, from which the same command goes
on, and RUN/moonlet, the whole model in float16. --start: begin with the UNet of a folder. --steps may be raised later: the rate of learning
falls to its end with the last step. When words of objects.tsv change, some hundred steps with --often teach the new ones.
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, DDPMScheduler, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

import artwork
import held_out
import scenes
import words
from training import Training, options_parser

UNET = dict(
    sample_size=16,
    in_channels=4,
    out_channels=4,
    layers_per_block=1,
    block_out_channels=(64, 96, 160),
    down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
    up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
    attention_head_dim=4,
    cross_attention_dim=128,
    norm_num_groups=16,
)
NOISE = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", num_train_timesteps=1000)


def training_times(count):
    """Training times: half of them even, half more often where objects take shape (logit-normal, as in arXiv 2403.03206)."""
    even = torch.rand(count)
    middle = torch.sigmoid(0.4 + torch.randn(count))
    return (torch.where(torch.rand(count) < 0.5, even, middle) * 1000).long().clamp(0, 999)


def noised(z, noise, t, products):
    """Latents with as much `noise` as at the training times `t`, and the velocity that the UNet is to predict for them."""
    product = products[t].view(-1, 1, 1, 1)
    signal, spread = product.sqrt(), (1 - product).sqrt()
    return signal * z + spread * noise, signal * noise - spread * z


def text_config(tokenizer):
    return CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=words.LENGTH,
        projection_dim=128,
        bos_token_id=len(tokenizer) - 2,
        eos_token_id=len(tokenizer) - 1,
        pad_token_id=len(tokenizer) - 1,
    )


def make_scenes(path, autoencoder, maker, pictures, count, device):
    """`count` scenes with their latents, made once and kept in `path`: float16 `[count, 4, 16, 16]`."""
    if path.exists():
        kept = torch.load(path, weights_only=False)
        return kept["scenes"], kept["latents"]
    made, latents = [maker.scene() for _ in range(count)], []
    for first in range(0, count, 128):
        x = scenes.stacked([scenes.picture(scene, pictures) for scene in made[first : first + 128]], device)
        with torch.no_grad():
            latents.append((autoencoder.encode(x).latent_dist.mode() * autoencoder.config.scaling_factor).half().cpu())
    latents = torch.cat(latents)
    torch.save({"scenes": made, "latents": latents}, path)
    return made, latents


class Captions:
    """Captions of scenes as token numbers: mostly what the scene shows, sometimes with unknown words, sometimes nothing."""

    def __init__(self, maker, tokenizer, device):
        self.maker, self.tokenizer, self.device = maker, tokenizer, device

    def tokens(self, texts):
        found = self.tokenizer(texts, padding="max_length", max_length=words.LENGTH, truncation=True, return_tensors="pt")
        return found.input_ids.to(self.device)

    def said(self, scene):
        text = self.maker.caption(scene)
        draw = self.maker.random
        if draw.random() < 0.05:
            text += draw.choice([" ", ", "]) + " ".join(words.babble(draw) for _ in range(draw.randint(1, 3)))
        elif draw.random() < 0.05:
            text += draw.choice([" ", ", "]) + " ".join(draw.sample(words.OTHERS.split(), draw.randint(1, 4)))
        return text

    def draw(self, some):
        return [self.maker.unsaid() if self.maker.random.random() < 0.1 else self.said(scene) for scene in some]


def teach_words(encoder, captions, made, count, steps):
    """Teaches the text encoder to tell object and background at every end token, before the UNet listens to it."""
    single = [scene for scene in made if len(scene.things) == 1]
    objects = torch.nn.Linear(128, count).to(captions.device)
    grounds = torch.nn.Linear(128, len(scenes.NAMES)).to(captions.device)
    taught = list(encoder.parameters()) + list(objects.parameters()) + list(grounds.parameters())
    optimizer = torch.optim.AdamW(taught, lr=1e-3)
    for step in range(1, steps + 1):
        some = captions.maker.random.sample(single, 64)
        tokens = captions.tokens([captions.said(scene) for scene in some])
        hidden = encoder(tokens).last_hidden_state
        ends = tokens == captions.tokenizer.eos_token_id
        loss = 0
        for head, wanted in ((objects, [s.things[0][0] for s in some]), (grounds, [s.ground for s in some])):
            wanted = torch.tensor(wanted, device=captions.device)[:, None].expand(-1, words.LENGTH)
            loss = loss + F.cross_entropy(head(hidden[ends]), wanted[ends])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 100 == 0:
            print(f"words {step} loss {loss:.4f}", flush=True)


def pipeline(autoencoder, encoder, tokenizer, unet):
    """The whole model, with the scheduler that it ships with."""
    scheduler = PNDMScheduler(
        **NOISE, skip_prk_steps=True, steps_offset=1, set_alpha_to_one=False, prediction_type="v_prediction"
    )
    scheduler.register_to_config(clip_sample=False)
    return StableDiffusionPipeline(
        vae=autoencoder, text_encoder=encoder, tokenizer=tokenizer, unet=unet, scheduler=scheduler, safety_checker=None,
        feature_extractor=None, requires_safety_checker=False,
    )


def main():
    parser = options_parser(steps=16000, batch=16, rate=1e-3, seed=0)
    parser.add_argument("--start", type=Path)
    parser.add_argument("--scenes", type=int, default=24000)
    parser.add_argument("--words", type=int, default=900, help="steps of the text encoder's own lesson")
    parser.add_argument("--average", type=float, default=0.9992, help="how much of the averaged weights stays at a step")
    parser.add_argument("--often", nargs="*", default=[], help="names of objects that a tenth of all scenes shall show")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    device = options.device

    things = artwork.load()
    names = [thing.names for thing in things]
    maker = scenes.SceneMaker(names, options.seed, held_out.pairs(len(things)))
    autoencoder = AutoencoderKL.from_pretrained(options.output / "vae", torch_dtype=torch.float32).to(device).eval()
    pictures = [thing.picture for thing in things]
    made, latents = make_scenes(options.output / "scenes.pt", autoencoder, maker, pictures, options.scenes, device)
    print(len(made), "scenes", flush=True)
    if not (options.output / "tokenizer").exists():
        words.save(*words.make(maker, made), options.output / "tokenizer")
    tokenizer = words.load(options.output / "tokenizer")
    captions = Captions(maker, tokenizer, device)
    encoder = CLIPTextModel(text_config(tokenizer)).to(device)
    if options.start:
        unet = UNet2DConditionModel.from_pretrained(options.start / "unet", torch_dtype=torch.float32)
    else:
        unet = UNet2DConditionModel(**UNET)
    unet = unet.to(device, memory_format=torch.channels_last).train()
    print(f"{sum(p.numel() for p in unet.parameters()) / 1e6:.2f} M of UNet, {len(tokenizer)} tokens", flush=True)

    optimizer = torch.optim.AdamW(
        [{"params": list(unet.parameters()), "share": 1.0}, {"params": list(encoder.parameters()), "share": 0.3}],
        lr=options.rate, weight_decay=1e-3, betas=(0.9, 0.99),
    )
    training = Training(
        options.output / "denoiser.pt", {"unet": unet, "encoder": encoder}, optimizer, maker.random, rate=options.rate,
        steps=options.steps, device=device, warm=300, average=options.average,
    )
    if training.is_new:
        teach_words(encoder, captions, made, len(things), options.words)
        training.begin()

    often = {k for k, thing in enumerate(things) if set(options.often) & set(thing.names)}
    shown_often = torch.tensor([k for k, scene in enumerate(made) if scene.things[0][0] in often])
    products = DDPMScheduler(**NOISE).alphas_cumprod.to(device)
    for _ in training:
        chosen = torch.randint(0, len(made), (options.batch,))
        if len(shown_often):
            other = shown_often[torch.randint(0, len(shown_often), (options.batch,))]
            chosen = torch.where(torch.rand(options.batch) < 0.1, other, chosen)
        z = latents[chosen].float().to(device)
        noise = torch.randn(z.shape).to(device)
        t = training_times(options.batch).to(device)
        x, wanted = noised(z, noise, t, products)
        hidden = encoder(captions.tokens(captions.draw([made[k] for k in chosen.tolist()]))).last_hidden_state
        training.learn(F.mse_loss(unet(x, t, encoder_hidden_states=hidden).sample, wanted))
        if training.step % 2000 == 0 or training.step == options.steps:
            own = training.put_averages()
            export(options.output / "moonlet", autoencoder, encoder, tokenizer, unet)
            training.put_back(own)


def export(folder, autoencoder, encoder, tokenizer, unet):
    """Writes the model in float16."""
    copies = [type(part).from_config(part.config) for part in (autoencoder, unet)] + [CLIPTextModel(encoder.config)]
    for copy, part in zip(copies, (autoencoder, unet, encoder)):
        copy.load_state_dict({name: value.cpu() for name, value in part.state_dict().items()})
        copy.half()
    pipeline(copies[0], copies[2], tokenizer, copies[1]).save_pretrained(folder)
    for file in folder.glob("*/config.json"):
        config = json.loads(file.read_text())
        config.pop("_name_or_path", None)  # a place on the machine that trained it
        file.write_text(json.dumps(config, indent=2) + "\n")

if __name__ == "__main__":
    main()
