/* portcullis: the command line for engineers and production. */
#include "tool/cli.h"

int main(int argc, char **argv)
{
  return cli_main(argc, argv);
}
