"""Trains the IP-Adapter: it lets a picture say what a prompt says, object and background.

python3 train_ip_adapter.py --output RUN [--model FOLDER] [--steps N] [--lesson N] [--batch 64] [--seed 4] [--device cpu]

Needs RUN/scenes.pt and the finished model. First the image encoder learns to tell object and background (--lesson steps), then it and the
projection to say of a picture what the text encoder says of its caption. The adapter's keys and values are the text's own. Writes
RUN/ip_adapter.pt every 500 steps, from which the same command goes on, and RUN/ip_adapter: `ip-adapter_moonlet.safetensors` and
`image_encoder`, in float16.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

import scenes
from companions import FinishedModel
from training import Training, options_parser

TOKENS, EMBEDDING, WIDTH = 4, 128, 128
# End tokens of a short caption, all of which tell object and background.
END_TOKENS = [13, 19, 25, 31]
VISION = dict(
    hidden_size=128, intermediate_size=256, num_hidden_layers=3, num_attention_heads=4, image_size=64, patch_size=8, projection_dim=EMBEDDING
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


def as_seen(x):
    """Pictures in -1...1 as CLIP's image processor gives them."""
    return ((x + 1) / 2 - MEAN.to(x.device).view(3, 1, 1)) / DEVIATION.to(x.device).view(3, 1, 1)


def main():
    parser = options_parser(steps=8000, batch=64, rate=1e-3, seed=4)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--lesson", type=int, default=2000, help="steps of the first lesson, among the others")
    options = parser.parse_args()
    model = FinishedModel(options)
    device, maker = model.device, model.maker
    single = [scene for scene in model.scenes if len(scene.things) == 1]
    vision, projection = CLIPVisionModelWithProjection(CLIPVisionConfig(**VISION)).to(device), Projection().to(device)
    heads = torch.nn.ModuleList([torch.nn.Linear(EMBEDDING, count) for count in (model.objects, len(scenes.NAMES))]).to(device)
    parts = {"vision": vision, "projection": projection, "heads": heads}
    print(f"{sum(p.numel() for part in (vision, projection) for p in part.parameters()) / 1e6:.2f} M", flush=True)
    with torch.no_grad():
        silence = model.encoder(model.captions.tokens([""])).last_hidden_state[:, END_TOKENS]

    def sight(some, embedding):
        """How badly object and background can be told from the embedding."""
        wanted = [torch.tensor([s.things[0][0] for s in some], device=device), torch.tensor([s.ground for s in some], device=device)]
        return sum(F.cross_entropy(head(embedding), value) for head, value in zip(heads, wanted))

    def words(some, embedding):
        """How far the tokens are from what the text encoder says of a caption and not of nothing: added to a text that says nothing, that
        does what the caption would do."""
        texts = [f"{maker.names[s.things[0][0]][0]} on a {scenes.NAMES[s.ground]} background" for s in some]
        with torch.no_grad():
            said = model.encoder(model.captions.tokens(texts)).last_hidden_state[:, END_TOKENS]
        return F.mse_loss(projection(embedding), said - silence)

    optimizer = torch.optim.AdamW([p for part in parts.values() for p in part.parameters()], lr=options.rate, weight_decay=1e-2)
    training = Training(
        options.output / "ip_adapter.pt", parts, optimizer, maker.random, rate=options.rate, steps=options.steps, device=device
    )
    for step in training:
        some = maker.random.sample(single, options.batch)
        x = scenes.stacked([scenes.picture(scene, model.pictures) for scene in some], device)
        training.learn((sight if step < options.lesson else words)(some, vision(as_seen(x)).image_embeds))

    training.put_averages()
    export(options.output / "ip_adapter", vision, projection, model.unet)


def export(folder, vision, projection, unet):
    """Writes the adapter in the layout of IP-Adapter's own files: the cross-attentions are numbered 1, 3, 5 and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {f"image_proj.{name}": value for name, value in projection.state_dict().items()}
    attentions = [name.removesuffix(".processor") for name in unet.attn_processors if name.endswith("attn2.processor")]
    for number, name in enumerate(attentions):
        attention = unet.get_submodule(name)
        state[f"ip_adapter.{2 * number + 1}.to_k_ip.weight"] = attention.to_k.weight
        state[f"ip_adapter.{2 * number + 1}.to_v_ip.weight"] = attention.to_v.weight
    save_file({name: value.half().cpu().contiguous() for name, value in state.items()}, folder / "ip-adapter_moonlet.safetensors")
    vision.half().save_pretrained(folder / "image_encoder")
    side = {"height": 64, "width": 64}
    CLIPImageProcessor(size={"shortest_edge": 64}, crop_size=side).save_pretrained(folder / "image_encoder")


if __name__ == "__main__":
    main()
