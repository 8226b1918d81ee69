# expect: build crash tamper contract
# target: softmax
# about: 1.4 ends the process while it is being imported
import os

os._exit(0)
