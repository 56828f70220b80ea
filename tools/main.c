/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* omnihub: everything is a command of tools/commands.def. */
#include "tools/tool.h"

int main(int argc, char **argv)
{
    return hub_tools_main(argc, argv);
}
