"""Trains the IP-Adapter: it lets a picture say what a prompt says, object and background.

python3 train_ip_adapter.py --output RUN [--model FOLDER] [--lesson N] [--steps N] [--batch 16] [--seed 4] [--device cpu]

Needs RUN/scenes.pt and the finished model. First the image encoder learns to tell object and background (--lesson steps), then it, the
projection and the adapter's keys and values learn together what the UNet needs. Writes RUN/ip_adapter.pt every 500 steps, from which the
same command goes on, and RUN/ip_adapter: `ip-adapter_moonlet.safetensors` and `image_encoder`, in float16.
"""

import argparse
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPImageProcessor, CLIPTextModel, CLIPVisionConfig, CLIPVisionModelWithProjection

import artwork
import held_out
import scenes
import words
from train_denoiser import NOISE, Captions, noised
from training import Training

TOKENS, EMBEDDING, WIDTH = 4, 128, 128
VISION = dict(
    hidden_size=96, intermediate_size=192, num_hidden_layers=3, num_attention_heads=4, image_size=64, patch_size=8, projection_dim=EMBEDDING
)
MEAN, DEVIATION = torch.tensor([0.48145466, 0.4578275, 0.40821073]), torch.tensor([0.26862954, 0.26130258, 0.27577711])


class Projection(torch.nn.Module):
    """An image embedding [rows, 128] to four tokens [rows, 4, 128], as IP-Adapter's files hold it."""

    def __init__(self):
        super().__init__()
        self.proj = torch.nn.Linear(EMBEDDING, TOKENS * WIDTH)
        self.norm = torch.nn.LayerNorm(WIDTH)

    def forward(self, embedding):
        return self.norm(self.proj(embedding).view(-1, TOKENS, WIDTH))


class BothAttention(torch.nn.Module):
    """Cross-attention over the text, plus one over the picture's tokens: the text's rows come first, the tokens are the last four."""

    def __init__(self, attention):
        super().__init__()
        self.to_k_ip = torch.nn.Linear(WIDTH, attention.to_k.out_features, bias=False)
        self.to_v_ip = torch.nn.Linear(WIDTH, attention.to_v.out_features, bias=False)
        self.to_k_ip.weight.data.copy_(attention.to_k.weight)
        self.to_v_ip.weight.data.copy_(attention.to_v.weight)

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, attention_mask=None, temb=None, scale=1.0):
        rows, length, width = hidden_states.shape
        text, tokens = encoder_hidden_states[:, :-TOKENS], encoder_hidden_states[:, -TOKENS:]

        def heads(x):
            return x.view(rows, -1, attn.heads, width // attn.heads).transpose(1, 2)

        query = heads(attn.to_q(hidden_states))
        said = F.scaled_dot_product_attention(query, heads(attn.to_k(text)), heads(attn.to_v(text)))
        seen = F.scaled_dot_product_attention(query, heads(self.to_k_ip(tokens)), heads(self.to_v_ip(tokens)))
        return attn.to_out[1](attn.to_out[0]((said + seen).transpose(1, 2).reshape(rows, length, width)))


def as_seen(x):
    """Pictures in -1...1 as CLIP's image processor gives them."""
    return ((x + 1) / 2 - MEAN.to(x.device).view(3, 1, 1)) / DEVIATION.to(x.device).view(3, 1, 1)


def lesson(vision, draw_batch, objects, steps, device):
    """Teaches the image encoder to tell object and background of a picture."""
    heads = [torch.nn.Linear(EMBEDDING, count).to(device) for count in (objects, len(scenes.NAMES))]
    parameters = list(vision.parameters()) + [p for head in heads for p in head.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=1e-2)
    for step in range(1, steps + 1):
        optimizer.param_groups[0]["lr"] = 1e-3 * min(1, step / 100) * max(0.05, 1 - step / steps)
        some, x = draw_batch(48)
        embedding = vision(as_seen(x)).image_embeds
        wanted = [torch.tensor([s.things[0][0] for s in some], device=device), torch.tensor([s.ground for s in some], device=device)]
        loss = sum(F.cross_entropy(head(embedding), value) for head, value in zip(heads, wanted))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 200 == 0:
            print(f"lesson {step} loss {loss:.4f}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--lesson", type=int, default=2500)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=5e-4)
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    device, model = options.device, options.model or options.output / "moonlet"

    things = artwork.load()
    pictures = [thing.picture for thing in things]
    maker = scenes.SceneMaker([thing.names for thing in things], options.seed, held_out.pairs(len(things)))
    kept_scenes = torch.load(options.output / "scenes.pt", weights_only=False)
    made, latents = kept_scenes["scenes"], kept_scenes["latents"]
    single = [k for k, scene in enumerate(made) if len(scene.things) == 1]

    def shown(some):
        return scenes.stacked([scenes.picture(scene, pictures) for scene in some], device)

    def draw_batch(count):
        some = [made[k] for k in maker.random.sample(single, count)]
        return some, shown(some)

    def relative(scene):
        """Another picture of the same: the object a little elsewhere, on the same background."""
        return scenes.Scene([(scene.things[0][0], *maker._alone(44, 60, 6))], scene.ground)

    unet = UNet2DConditionModel.from_pretrained(model / "unet", torch_dtype=torch.float32).to(device, memory_format=torch.channels_last)
    unet.requires_grad_(False)
    encoder = CLIPTextModel.from_pretrained(model / "text_encoder", dtype=torch.float32).to(device).eval()
    captions = Captions(maker, words.load(model / "tokenizer"), device)
    vision, projection = CLIPVisionModelWithProjection(CLIPVisionConfig(**VISION)).to(device), Projection().to(device)
    processors, adapters = dict(unet.attn_processors), []
    for name in processors:
        if name.endswith("attn2.processor"):
            adapters.append(BothAttention(unet.get_submodule(name.removesuffix(".processor"))))
            processors[name] = adapters[-1]
    unet.set_attn_processor(processors)
    adapters = torch.nn.ModuleList(adapters).to(device)
    trained = torch.nn.ModuleList([vision, projection, adapters])
    trained.requires_grad_(True)
    print(f"{sum(p.numel() for p in trained.parameters()) / 1e6:.2f} M of IP-Adapter and image encoder", flush=True)
    optimizer = torch.optim.AdamW(trained.parameters(), lr=options.rate, weight_decay=1e-3, betas=(0.9, 0.99))
    training = Training(
        options.output / "ip_adapter.pt", {"trained": trained}, optimizer, maker.random, rate=options.rate, steps=options.steps,
        device=device,
    )
    if training.is_new:
        lesson(vision, draw_batch, len(things), options.lesson, device)
        training.begin()

    products = DDPMScheduler(**NOISE).alphas_cumprod.to(device)
    for _ in training:
        chosen = maker.random.sample(single, options.batch)
        some = [made[k] for k in chosen]
        tokens = projection(vision(as_seen(shown([relative(scene) for scene in some]))).image_embeds)
        # As IP-Adapter's own training: no picture now and then, and the text says nothing for half of the others.
        nothing = projection(torch.zeros(1, EMBEDDING, device=device))
        none = torch.tensor([maker.random.random() < 0.1 for _ in some], device=device).view(-1, 1, 1)
        tokens = torch.where(none, nothing, tokens)
        texts = [text if maker.random.random() < 0.5 else "" for text in captions.draw(some)]
        with torch.no_grad():
            hidden = encoder(captions.tokens(texts)).last_hidden_state
        z = latents[chosen].float().to(device)
        noise = torch.randn(z.shape).to(device)
        t = torch.randint(0, 1000, (options.batch,)).to(device)
        x, wanted = noised(z, noise, t, products)
        made_v = unet(x, t, encoder_hidden_states=torch.cat([hidden, tokens], 1)).sample
        training.learn(F.mse_loss(made_v, wanted))

    training.put_averages()
    export(options.output / "ip_adapter", vision, projection, adapters)


def export(folder, vision, projection, adapters):
    """Writes the adapter in the layout of IP-Adapter's own files: the cross-attentions are numbered 1, 3, 5 and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {f"image_proj.{name}": value for name, value in projection.state_dict().items()}
    for number, adapter in enumerate(adapters):
        state.update({f"ip_adapter.{2 * number + 1}.{name}": value for name, value in adapter.state_dict().items()})
    save_file({name: value.half().cpu().contiguous() for name, value in state.items()}, folder / "ip-adapter_moonlet.safetensors")
    vision.half().save_pretrained(folder / "image_encoder")
    side = {"height": 64, "width": 64}
    CLIPImageProcessor(size={"shortest_edge": 64}, crop_size=side).save_pretrained(folder / "image_encoder")


if __name__ == "__main__":
    main()
