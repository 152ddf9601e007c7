#include "cli/training_options.h"

namespace npusim::cli {
namespace {

OptionGroup source_options(TrainingCommand kind) {
    OptionGroup group{"What is trained",
                      {{"model", "NAME", "the network; npusim --list names them"},
                       {"image-size", "PX", "height and width of the input (default: the published size)"}}};
    if (kind == TrainingCommand::finetune) {
        group.rows.push_back({"weights", "FILE", "the pretrained fp32 network, safetensors"});
    } else {
        group.rows.push_back({"weights", "FILE", "begin from this network (default: at random)"});
    }
    group.rows.push_back(
        {"dataset", "KIND:FOLDER", "labelled images; KIND is cifar10, mnist or images, or just shapes"});
    group.rows.push_back({"data-root", "FOLDER", "where relative data set folders lie (default: $NPUSIM_DATA)"});
    group.rows.push_back({"train-images", "N", "the first so many training images (default: all)"});
    group.rows.push_back({"allow-empty-classes", nullptr, "classes without a training image are no error"});
    group.rows.push_back({"held-out", "N", "training images kept apart and measured after each epoch (default: none)"});
    return group;
}

OptionGroup recipe_options() {
    return {"How (each overrides the recipe)",
            {{"recipe", "FILE", "a recipe in JSON; recipes/ has some"},
             {"epochs", "N", "passes over the training images"},
             {"batch", "N", "images of a batch"},
             {"learning-rate", "A[,B]", "at the beginning, and at the end (exponential, cosine)"},
             {"schedule", "KIND", "constant, exponential, step or cosine"},
             {"momentum", "X", "of gradient descent"},
             {"weight-decay", "X", "of the weights of convolutions and linear layers"},
             {"label-smoothing", "X", "0 to 1"},
             {"distill", "W[,T]", "weight and temperature of the starting network's outputs as targets"},
             {"freeze-batch-norm", nullptr, "batch norm keeps its running statistics"},
             {"no-augment", nullptr, "neither move nor mirror images"},
             {"seed", "N", "of order, moves, dropout and a random start (default: 0)"}}};
}

OptionGroup tuning_options() {
    OptionGroup group = precision_options("Precision");
    group.rows.push_back({"method", "KIND", "faq (calibrated steps), lsq (learned steps) or fp32 (the control)"});
    group.rows.push_back({"calibration-images", "N", "training images that set the activation ranges (default: 640)"});
    return group;
}

OptionGroup output_options() {
    return {"Output",
            {{"out", "FILE", "the trained network, for --weights of every command"},
             {"run", "FOLDER", "checkpoint, log and curves; a run that stopped goes on (default: FILE.run)"},
             {"restart", nullptr, "forget what the run's folder holds"},
             {"threads", "N", "threads (default: all processors); the result does not depend on them"},
             {"quiet", nullptr, "print nothing but errors"},
             {"help", nullptr, "this text"}}};
}

}  // namespace

const std::vector<OptionGroup>& training_option_groups(TrainingCommand kind) {
    static const std::vector<OptionGroup> train{source_options(TrainingCommand::train), recipe_options(),
                                                output_options()};
    static const std::vector<OptionGroup> finetune{source_options(TrainingCommand::finetune), tuning_options(),
                                                   recipe_options(), output_options()};
    return kind == TrainingCommand::train ? train : finetune;
}

}  // namespace npusim::cli
